// A function in Go on the official library: echoes, uses S3 by the official SDK, fails.
package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// object writes an object and reads it again.
func object(ctx context.Context, bucket, key, text string) (any, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(settings, func(o *s3.Options) { o.UsePathStyle = true })
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)})
	if err != nil {
		return nil, err
	}
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer got.Body.Close()
	read, err := io.ReadAll(got.Body)
	return map[string]string{"text": string(read)}, err
}

func handle(ctx context.Context, event map[string]any) (any, error) {
	text := func(name string) string { s, _ := event[name].(string); return s }
	switch text("do") {
	case "object":
		return object(ctx, text("bucket"), text("key"), text("text"))
	case "fail":
		return nil, errors.New("this went wrong")
	case "panic":
		panic("this went very wrong")
	}
	return map[string]any{"got": event}, nil
}

func main() { lambda.Start(handle) }

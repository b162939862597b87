// A picture is uploaded, its thumbnail appears in another bucket.
#include "signed_request.h"

#include <aws/lambda-runtime/runtime.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <jpeglib.h>
#include <stdexcept>
#include <string>

using json = nlohmann::json;
using aws::lambda_runtime::invocation_request;
using aws::lambda_runtime::invocation_response;

namespace {

const std::string kThumbnails = std::getenv("THUMBNAILS");

[[noreturn]] void fail(j_common_ptr codec) {
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  throw std::runtime_error(text);
}

struct Pixels {
  unsigned width = 0, height = 0;
  std::string rgb;
  unsigned orientation = 1;  // what the camera says of turning it, as Exif has it: 1 to 8
};

struct Decoder : jpeg_decompress_struct {
  jpeg_error_mgr errors;
  Decoder() : jpeg_decompress_struct() {
    err = jpeg_std_error(&errors);
    errors.error_exit = fail;
    jpeg_create_decompress(this);
  }
  ~Decoder() { jpeg_destroy_decompress(this); }
};

struct Encoder : jpeg_compress_struct {
  jpeg_error_mgr errors;
  unsigned char* out = nullptr;
  unsigned long size = 0;
  Encoder() : jpeg_compress_struct() {
    err = jpeg_std_error(&errors);
    errors.error_exit = fail;
    jpeg_create_compress(this);
    jpeg_mem_dest(this, &out, &size);
  }
  ~Encoder() {
    jpeg_destroy_compress(this);
    std::free(out);
  }
};

// A TIFF in an APP1 segment: byte order, the place of its first directory, and of that the entry 0x0112.
unsigned orientation_of(jpeg_saved_marker_ptr marker) {
  const std::string tiff(reinterpret_cast<const char*>(marker->data), marker->data_length);
  if (!tiff.starts_with(std::string("Exif\0\0", 6))) return 0;
  const bool little = tiff.substr(6, 2) == "II";
  const auto number = [&](size_t at, unsigned bytes) {
    unsigned out = 0;
    for (unsigned i = 0; i < bytes && 6 + at + i < tiff.size(); ++i)
      out |= unsigned{static_cast<unsigned char>(tiff[6 + at + i])} << 8 * (little ? i : bytes - 1 - i);
    return out;
  };
  const size_t directory = number(4, 4);
  for (unsigned i = 0; i < number(directory, 2); ++i) {
    const auto entry = directory + 2 + 12 * i;
    if (number(entry, 2) == 0x0112) return number(entry + 8, 2);
  }
  return 0;
}

// Decoded at the smallest of libjpeg's scales (eighths) that has `most` pixels at its longer side.
Pixels decode(const std::string& jpeg, unsigned most) {
  Decoder in;
  jpeg_mem_src(&in, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
  jpeg_save_markers(&in, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&in, TRUE);
  in.out_color_space = JCS_RGB;
  in.scale_denom = 8;
  const unsigned longer = std::max(in.image_width, in.image_height);
  for (in.scale_num = 1; in.scale_num < 8 && longer * in.scale_num / 8 < most; ++in.scale_num) {}
  jpeg_start_decompress(&in);
  Pixels out{in.output_width, in.output_height, std::string(in.output_width * in.output_height * 3UL, '\0')};
  while (in.output_scanline < in.output_height) {
    auto* row = reinterpret_cast<unsigned char*>(out.rgb.data() + in.output_scanline * out.width * 3UL);
    jpeg_read_scanlines(&in, &row, 1);
  }
  for (auto* marker = in.marker_list; marker != nullptr; marker = marker->next) {
    if (const auto found = orientation_of(marker); found >= 1 && found <= 8) out.orientation = found;
  }
  jpeg_finish_decompress(&in);
  return out;
}

// Each pixel is the mean of those that it stands for.
Pixels shrunk(const Pixels& in, unsigned most) {
  const unsigned longer = std::max(in.width, in.height);
  if (longer <= most) return in;
  Pixels out{std::max(1U, in.width * most / longer), std::max(1U, in.height * most / longer), {}, in.orientation};
  for (unsigned y = 0; y < out.height; ++y) {
    const unsigned top = y * in.height / out.height, bottom = (y + 1) * in.height / out.height;
    for (unsigned x = 0; x < out.width; ++x) {
      const unsigned left = x * in.width / out.width, right = (x + 1) * in.width / out.width;
      for (unsigned colour = 0; colour < 3; ++colour) {
        unsigned sum = 0;
        for (unsigned v = top; v < bottom; ++v) {
          for (unsigned u = left; u < right; ++u)
            sum += static_cast<unsigned char>(in.rgb[(v * in.width + u) * 3UL + colour]);
        }
        out.rgb += static_cast<char>(sum / ((bottom - top) * (right - left)));
      }
    }
  }
  return out;
}

// As the camera was held.
Pixels upright(const Pixels& in) {
  const auto how = in.orientation;
  const bool aside = how >= 5;
  Pixels out{aside ? in.height : in.width, aside ? in.width : in.height, {}};
  for (unsigned y = 0; y < out.height; ++y) {
    for (unsigned x = 0; x < out.width; ++x) {
      unsigned u = aside ? y : x, v = aside ? x : y;
      if (how == 2 || how == 3 || how == 7 || how == 8) u = in.width - 1 - u;
      if (how == 3 || how == 4 || how == 6 || how == 7) v = in.height - 1 - v;
      out.rgb += in.rgb.substr((v * in.width + u) * 3UL, 3);
    }
  }
  return out;
}

std::string encode(const Pixels& picture) {
  Encoder out;
  out.image_width = picture.width;
  out.image_height = picture.height;
  out.input_components = 3;
  out.in_color_space = JCS_RGB;
  jpeg_set_defaults(&out);
  jpeg_set_quality(&out, 85, TRUE);
  jpeg_start_compress(&out, TRUE);
  while (out.next_scanline < out.image_height) {
    const char* const line = picture.rgb.data() + out.next_scanline * picture.width * 3UL;
    auto* row = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(line));
    jpeg_write_scanlines(&out, &row, 1);
  }
  jpeg_finish_compress(&out);
  return {reinterpret_cast<char*>(out.out), out.size};
}

std::string s3(const std::string& method, const std::string& bucket, const std::string& key, const std::string& body) {
  const auto answer = request("s3", method, "/" + bucket + "/" + key, body,
                              {"Content-Type: image/jpeg", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD"});
  if (answer.status != 200) throw std::runtime_error(method + " " + bucket + "/" + key + ": " + answer.body);
  return answer.body;
}

// Keys come as forms write them: "+" for a space, %XX.
std::string plain(const std::string& key) {
  std::string out;
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '%') {
      out += static_cast<char>(std::stoi(key.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += key[i] == '+' ? ' ' : key[i];
    }
  }
  return out;
}

void serve(const json& event) {
  for (const auto& record : event["Records"]) {
    const auto bucket = record["s3"]["bucket"]["name"].get<std::string>();
    const auto key = escaped(plain(record["s3"]["object"]["key"].get<std::string>()));
    s3("PUT", kThumbnails, key, encode(upright(shrunk(decode(s3("GET", bucket, key, ""), 200), 200))));
    std::cout << "made a thumbnail of " << key << std::endl;
  }
}

}  // namespace

int main() {
  aws::lambda_runtime::run_handler([](const invocation_request& request) {
    serve(json::parse(request.payload));
    return invocation_response::success("{}", "application/json");
  });
}

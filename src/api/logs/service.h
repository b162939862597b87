// LogsService: the API of CloudWatch Logs over logs::Groups and logs::EventStore. Files: groups.cc, streams.cc,
// put_events.cc, read_events.cc, queries.cc,
// subscriptions.cc, live_tail.cc, tags.cc; what they share is in shared.h. Loop thread only.
#pragma once

#include "api/logs/shared.h"
#include "env/clock.h"
#include "logs/insights/queries.h"
#include "logs/subscriptions.h"

namespace gust::api {

class LogsService {
 public:
  struct Parts {  // all outlive this
    gust::logs::Groups& groups;
    gust::logs::EventStore& events;
    gust::logs::insights::Queries& queries;
    gust::logs::Subscriptions& subscriptions;
    env::Clock& clock;
    std::shared_ptr<const bool> stopping;  // ends live tails
  };
  explicit LogsService(Parts parts);

  wire::Service& wire() { return service_; }

 private:
  template <typename T>
  using Reply = LogsReply<T>;
  void add_groups();
  void add_streams();
  void add_events();
  void add_queries();
  void add_subscriptions();
  void add_live_tail();
  void add_tags();

  Reply<logs::Empty> create_group(wire::Call call, logs::CreateLogGroupRequest request);
  Reply<logs::Empty> delete_group(wire::Call call, logs::DeleteLogGroupRequest request);
  Reply<logs::DescribeLogGroupsResponse> describe_groups(wire::Call call, logs::DescribeLogGroupsRequest request);
  Reply<logs::ListLogGroupsResponse> list_groups(wire::Call call, logs::ListLogGroupsRequest request);
  Reply<logs::Empty> put_retention(wire::Call call, logs::PutRetentionPolicyRequest request);
  Reply<logs::Empty> delete_retention(wire::Call call, logs::DeleteRetentionPolicyRequest request);
  Reply<logs::Empty> protect_group(wire::Call call, logs::PutLogGroupDeletionProtectionRequest request);

  Reply<logs::Empty> create_stream(wire::Call call, logs::CreateLogStreamRequest request);
  Reply<logs::Empty> delete_stream(wire::Call call, logs::DeleteLogStreamRequest request);
  Reply<logs::DescribeLogStreamsResponse> describe_streams(wire::Call call, logs::DescribeLogStreamsRequest request);

  Reply<logs::PutLogEventsResponse> put_events(wire::Call call, logs::PutLogEventsRequest request);
  Reply<logs::GetLogEventsResponse> get_events(wire::Call call, logs::GetLogEventsRequest request);
  Reply<logs::FilterLogEventsResponse> filter_events(wire::Call call, logs::FilterLogEventsRequest request);
  Reply<logs::TestMetricFilterResponse> test_filter(wire::Call call, logs::TestMetricFilterRequest request);

  Reply<logs::StartQueryResponse> start_query(wire::Call call, logs::StartQueryRequest request);
  Reply<logs::GetQueryResultsResponse> query_results(wire::Call call, logs::GetQueryResultsRequest request);
  Reply<logs::StopQueryResponse> stop_query(wire::Call call, logs::StopQueryRequest request);
  Reply<logs::DescribeQueriesResponse> describe_queries(wire::Call call, logs::DescribeQueriesRequest request);

  Reply<logs::Empty> put_subscription(wire::Call call, logs::PutSubscriptionFilterRequest request);
  Reply<logs::Empty> delete_subscription(wire::Call call, logs::DeleteSubscriptionFilterRequest request);
  Reply<logs::DescribeSubscriptionFiltersResponse> describe_subscriptions(
      wire::Call call, logs::DescribeSubscriptionFiltersRequest request);
  Reply<logs::StartLiveTailResponse> start_live_tail(wire::Call call, logs::StartLiveTailRequest request);

  Reply<logs::Empty> tag(wire::Call call, logs::TagResourceRequest request);
  Reply<logs::Empty> untag(wire::Call call, logs::UntagResourceRequest request);
  Reply<logs::ListTagsForResourceResponse> list_tags(wire::Call call, logs::ListTagsForResourceRequest request);
  Reply<logs::Empty> tag_group(wire::Call call, logs::TagLogGroupRequest request);
  Reply<logs::Empty> untag_group(wire::Call call, logs::UntagLogGroupRequest request);
  Reply<logs::ListTagsLogGroupResponse> list_group_tags(wire::Call call, logs::ListTagsLogGroupRequest request);

  gust::logs::Groups& groups_;
  gust::logs::EventStore& events_;
  gust::logs::insights::Queries& queries_;
  gust::logs::Subscriptions& subscriptions_;
  env::Clock& clock_;
  std::shared_ptr<const bool> stopping_;
  wire::Service service_;
};

}  // namespace gust::api

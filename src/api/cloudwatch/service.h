// CloudWatchService: the API of CloudWatch's metrics and alarms over metrics::MetricStore and metrics::Alarms. Files:
// put_data.cc, statistics.cc, metric_data.cc, list_metrics.cc, put_alarm.cc, alarms.cc, tags.cc; what they share is in
// shared.h. Loop thread only.
#pragma once

#include "api/cloudwatch/shared.h"
#include "env/clock.h"
#include "metrics/alarms.h"

#include <string>
#include <vector>

namespace gust::api {

class CloudWatchService {
 public:
  struct Parts {  // all outlive this
    gust::metrics::MetricStore& metrics;
    gust::metrics::Alarms& alarms;
    env::Clock& clock;
  };
  explicit CloudWatchService(Parts parts);

  wire::Service& wire() { return service_; }

 private:
  template <typename T>
  using Reply = CloudWatchReply<T>;
  void add_data();
  void add_alarms();

  Reply<cloudwatch::Empty> put_data(wire::Call call, cloudwatch::PutMetricDataInput request);
  Reply<cloudwatch::GetMetricStatisticsOutput> statistics(wire::Call call,
                                                          cloudwatch::GetMetricStatisticsInput request);
  Reply<cloudwatch::GetMetricDataOutput> metric_data(wire::Call call, cloudwatch::GetMetricDataInput request);
  Reply<cloudwatch::ListMetricsOutput> list_metrics(wire::Call call, cloudwatch::ListMetricsInput request);

  Reply<cloudwatch::Empty> put_alarm(wire::Call call, cloudwatch::PutMetricAlarmInput request);
  Reply<cloudwatch::DescribeAlarmsOutput> describe_alarms(wire::Call call, cloudwatch::DescribeAlarmsInput request);
  Reply<cloudwatch::DescribeAlarmsForMetricOutput> alarms_for_metric(
      wire::Call call, cloudwatch::DescribeAlarmsForMetricInput request);
  Reply<cloudwatch::Empty> delete_alarms(wire::Call call, cloudwatch::DeleteAlarmsInput request);
  Reply<cloudwatch::Empty> set_alarm_state(wire::Call call, cloudwatch::SetAlarmStateInput request);
  Reply<cloudwatch::Empty> switch_actions(wire::Call call, std::vector<std::string> names,
                                          gust::metrics::Alarm::Actions actions);
  Reply<cloudwatch::DescribeAlarmHistoryOutput> alarm_history(wire::Call call,
                                                              cloudwatch::DescribeAlarmHistoryInput request);

  Reply<cloudwatch::TagResourceOutput> tag(wire::Call call, cloudwatch::TagResourceInput request);
  Reply<cloudwatch::UntagResourceOutput> untag(wire::Call call, cloudwatch::UntagResourceInput request);
  Reply<cloudwatch::ListTagsForResourceOutput> list_tags(wire::Call call,
                                                         cloudwatch::ListTagsForResourceInput request);

  gust::metrics::MetricStore& metrics_;
  gust::metrics::Alarms& alarms_;
  env::Clock& clock_;
  wire::Service service_;
};

}  // namespace gust::api

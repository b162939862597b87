// ApplicationAutoScalingService: the API of Application Auto Scaling over scaling::Registry, for provisioned
// concurrency. Files: targets.cc, actions.cc, policies.cc; what they share is in shared.h. Loop thread only.
#pragma once

#include "api/applicationautoscaling/shared.h"
#include "scaling/scaler.h"

namespace gust::api {

class ApplicationAutoScalingService {
 public:
  // Both outlive this.
  ApplicationAutoScalingService(scaling::Registry& registry, scaling::Scaler& scaler);

  wire::Service& wire() { return service_; }

 private:
  template <typename T>
  using Reply = ScalingReply<T>;
  void add_targets();
  void add_actions();
  void add_policies();

  Reply<autoscaling::RegisterScalableTargetResponse> register_target(
      wire::Call call, autoscaling::RegisterScalableTargetRequest request);
  Reply<autoscaling::DeregisterScalableTargetResponse> deregister_target(
      wire::Call call, autoscaling::DeregisterScalableTargetRequest request);
  Reply<autoscaling::DescribeScalableTargetsResponse> describe_targets(
      wire::Call call, autoscaling::DescribeScalableTargetsRequest request);
  Reply<autoscaling::DescribeScalingActivitiesResponse> describe_activities(
      wire::Call call, autoscaling::DescribeScalingActivitiesRequest request);
  Reply<autoscaling::TagResourceResponse> tag(wire::Call call, autoscaling::TagResourceRequest request);
  Reply<autoscaling::UntagResourceResponse> untag(wire::Call call, autoscaling::UntagResourceRequest request);
  Reply<autoscaling::ListTagsForResourceResponse> list_tags(wire::Call call,
                                                            autoscaling::ListTagsForResourceRequest request);

  Reply<autoscaling::PutScheduledActionResponse> put_action(wire::Call call,
                                                            autoscaling::PutScheduledActionRequest request);
  Reply<autoscaling::DeleteScheduledActionResponse> delete_action(wire::Call call,
                                                                  autoscaling::DeleteScheduledActionRequest request);
  Reply<autoscaling::DescribeScheduledActionsResponse> describe_actions(
      wire::Call call, autoscaling::DescribeScheduledActionsRequest request);

  Reply<autoscaling::PutScalingPolicyResponse> put_policy(wire::Call call,
                                                          autoscaling::PutScalingPolicyRequest request);
  Reply<autoscaling::DeleteScalingPolicyResponse> delete_policy(wire::Call call,
                                                                autoscaling::DeleteScalingPolicyRequest request);
  Reply<autoscaling::DescribeScalingPoliciesResponse> describe_policies(
      wire::Call call, autoscaling::DescribeScalingPoliciesRequest request);

  scaling::Registry& registry_;
  scaling::Scaler& scaler_;
  wire::Service service_;
};

}  // namespace gust::api

#include "auth/policy_actions.h"

#include <algorithm>
#include <array>

namespace gust::auth {
namespace {

// Keys that always come together in the reference.
enum : S3KeyGroups {
  kTagged = 1 << 0,
  kNewTags = 1 << 1,
  kVersion = 1 << 2,
  kAcl = 1 << 3,
  kSse = 1 << 4,
  kSseC = 1 << 5,
  kClass = 1 << 6,
  kCopy = 1 << 7,
  kList = 1 << 8,
  kIfMatch = 1 << 9,
  kIfNone = 1 << 10,
  kLock = 1 << 11,
  kHold = 1 << 12,
  kCreate = 1 << 13,
  kPause = 1 << 14,
  kInventory = 1 << 15,
  kReplication = 1 << 16,
};

struct KeyName {
  std::string_view name;  // lower-case, without "s3:"; with a slash at the end what a tag's key follows
  S3KeyGroups groups;
};
constexpr std::array kKeys = {
    KeyName{"existingobjecttag/", kTagged},
    KeyName{"requestobjecttag/", kNewTags},
    KeyName{"requestobjecttagkeys", kNewTags},
    KeyName{"versionid", kVersion},
    KeyName{"x-amz-acl", kAcl},
    KeyName{"x-amz-grant-full-control", kAcl},
    KeyName{"x-amz-grant-read", kAcl},
    KeyName{"x-amz-grant-read-acp", kAcl},
    KeyName{"x-amz-grant-write", kAcl},
    KeyName{"x-amz-grant-write-acp", kAcl},
    KeyName{"x-amz-server-side-encryption", kSse},
    KeyName{"x-amz-server-side-encryption-aws-kms-key-id", kSse},
    KeyName{"x-amz-server-side-encryption-customer-algorithm", kSseC},
    KeyName{"x-amz-storage-class", kClass},
    KeyName{"x-amz-copy-source", kCopy},
    KeyName{"x-amz-metadata-directive", kCopy},
    KeyName{"x-amz-website-redirect-location", kCopy},
    KeyName{"prefix", kList},
    KeyName{"delimiter", kList},
    KeyName{"max-keys", kList},
    KeyName{"if-match", kIfMatch},
    KeyName{"if-none-match", kIfNone},
    KeyName{"objectcreationoperation", kIfNone},
    KeyName{"object-lock-mode", kLock},
    KeyName{"object-lock-remaining-retention-days", kLock},
    KeyName{"object-lock-retain-until-date", kLock},
    KeyName{"object-lock-legal-hold", kHold},
    KeyName{"locationconstraint", kCreate},
    KeyName{"x-amz-object-ownership", kCreate},
    KeyName{"x-amz-bucket-namespace", kCreate},
    KeyName{"destinationregion", kPause},
    KeyName{"inventoryaccessibleoptionalfields", kInventory},
    KeyName{"isreplicationpauserequest", kReplication},
    KeyName{"resourceaccount", kS3AnyAction},
    KeyName{"signatureage", kS3AnyAction},
    KeyName{"signatureversion", kS3AnyAction},
    KeyName{"authtype", kS3AnyAction},
    KeyName{"tlsversion", kS3AnyAction},
    KeyName{"x-amz-content-sha256", kS3AnyAction},
    KeyName{"accessgrantsinstancearn", kS3AnyAction},
    KeyName{"dataaccesspointaccount", kS3AnyAction},
    KeyName{"dataaccesspointarn", kS3AnyAction},
    KeyName{"accesspointnetworkorigin", kS3AnyAction},
    KeyName{"accesspointtag/", kS3AnyAction},
    KeyName{"buckettag/", kS3AnyAction},
};

constexpr auto kNone = S3Resource::kNone, kBucket = S3Resource::kBucket, kObject = S3Resource::kObject;
constexpr S3Action kActions[] = {
    {"s3:createbucketmetadatatableconfiguration", kBucket, 0}, {"s3:deletebucket", kBucket, 0},
    {"s3:deletebucketmetadatatableconfiguration", kBucket, 0}, {"s3:deletebucketpolicy", kBucket, 0},
    {"s3:deletebucketwebsite", kBucket, 0}, {"s3:getaccelerateconfiguration", kBucket, 0},
    {"s3:getanalyticsconfiguration", kBucket, 0}, {"s3:getbucketabac", kBucket, 0}, {"s3:getbucketacl", kBucket, 0},
    {"s3:getbucketcors", kBucket, 0}, {"s3:getbucketlocation", kBucket, 0}, {"s3:getbucketlogging", kBucket, 0},
    {"s3:getbucketmetadatatableconfiguration", kBucket, 0}, {"s3:getbucketnotification", kBucket, 0},
    {"s3:getbucketobjectlockconfiguration", kBucket, 0}, {"s3:getbucketownershipcontrols", kBucket, 0},
    {"s3:getbucketpolicy", kBucket, 0}, {"s3:getbucketpolicystatus", kBucket, 0},
    {"s3:getbucketpublicaccessblock", kBucket, 0}, {"s3:getbucketrequestpayment", kBucket, 0},
    {"s3:getbuckettagging", kBucket, 0}, {"s3:getbucketversioning", kBucket, 0}, {"s3:getbucketwebsite", kBucket, 0},
    {"s3:getencryptionconfiguration", kBucket, 0}, {"s3:getintelligenttieringconfiguration", kBucket, 0},
    {"s3:getinventoryconfiguration", kBucket, 0}, {"s3:getlifecycleconfiguration", kBucket, 0},
    {"s3:getmetricsconfiguration", kBucket, 0}, {"s3:getreplicationconfiguration", kBucket, 0},
    {"s3:listbucketmultipartuploads", kBucket, 0}, {"s3:listtagsforresource", kBucket, 0},
    {"s3:putaccelerateconfiguration", kBucket, 0}, {"s3:putanalyticsconfiguration", kBucket, 0},
    {"s3:putbucketabac", kBucket, 0}, {"s3:putbucketcors", kBucket, 0}, {"s3:putbucketlogging", kBucket, 0},
    {"s3:putbucketnotification", kBucket, 0}, {"s3:putbucketobjectlockconfiguration", kBucket, 0},
    {"s3:putbucketownershipcontrols", kBucket, 0}, {"s3:putbucketpolicy", kBucket, 0},
    {"s3:putbucketpublicaccessblock", kBucket, 0}, {"s3:putbucketrequestpayment", kBucket, 0},
    {"s3:putbuckettagging", kBucket, 0}, {"s3:putbucketversioning", kBucket, 0}, {"s3:putbucketwebsite", kBucket, 0},
    {"s3:putencryptionconfiguration", kBucket, 0}, {"s3:putintelligenttieringconfiguration", kBucket, 0},
    {"s3:putlifecycleconfiguration", kBucket, 0}, {"s3:putmetricsconfiguration", kBucket, 0},
    {"s3:tagresource", kBucket, 0}, {"s3:untagresource", kBucket, 0},
    {"s3:updatebucketmetadatainventorytableconfiguration", kBucket, 0},
    {"s3:updatebucketmetadatajournaltableconfiguration", kBucket, 0},
    {"s3:createbucket", kBucket, kAcl | kCreate},
    {"s3:listbucket", kBucket, kList},
    {"s3:listbucketversions", kBucket, kList},
    {"s3:pausereplication", kBucket, kPause},
    {"s3:putbucketacl", kBucket, kAcl},
    {"s3:putinventoryconfiguration", kBucket, kInventory},
    {"s3:putreplicationconfiguration", kBucket, kReplication},
    {"s3:abortmultipartupload", kObject, 0}, {"s3:getobjectlegalhold", kObject, 0},
    {"s3:getobjectretention", kObject, 0}, {"s3:getobjecttorrent", kObject, 0},
    {"s3:getobjectversionforreplication", kObject, 0}, {"s3:initiatereplication", kObject, 0},
    {"s3:listmultipartuploadparts", kObject, 0}, {"s3:objectowneroverridetobucketowner", kObject, 0},
    {"s3:replicatedelete", kObject, 0}, {"s3:replicatetags", kObject, 0}, {"s3:restoreobject", kObject, 0},
    {"s3:bypassgovernanceretention", kObject, kNewTags | kAcl | kSse | kSseC | kClass | kCopy},
    {"s3:deleteobject", kObject, kIfMatch},
    {"s3:deleteobjecttagging", kObject, kTagged},
    {"s3:deleteobjectversion", kObject, kVersion},
    {"s3:deleteobjectversiontagging", kObject, kTagged | kVersion},
    {"s3:getobject", kObject, kTagged},
    {"s3:getobjectacl", kObject, kTagged},
    {"s3:getobjectattributes", kObject, kTagged},
    {"s3:getobjecttagging", kObject, kTagged},
    {"s3:getobjectversion", kObject, kTagged | kVersion},
    {"s3:getobjectversionacl", kObject, kTagged | kVersion},
    {"s3:getobjectversionattributes", kObject, kTagged | kVersion},
    {"s3:getobjectversiontagging", kObject, kTagged | kVersion},
    {"s3:getobjectversiontorrent", kObject, kVersion},
    {"s3:putobject", kObject, kNewTags | kAcl | kSse | kSseC | kClass | kCopy | kIfMatch | kIfNone | kLock | kHold},
    {"s3:putobjectacl", kObject, kTagged | kAcl | kClass},
    {"s3:putobjectlegalhold", kObject, kHold},
    {"s3:putobjectretention", kObject, kLock},
    {"s3:putobjecttagging", kObject, kTagged | kNewTags},
    {"s3:putobjectversionacl", kObject, kTagged | kVersion | kAcl | kClass},
    {"s3:putobjectversiontagging", kObject, kTagged | kNewTags | kVersion},
    {"s3:replicateobject", kObject, kSse | kSseC},
    {"s3:updateobjectencryption", kObject, kSse},
    {"s3:associateaccessgrantsidentitycenter", kNone, 0}, {"s3:createaccessgrant", kNone, 0},
    {"s3:createaccessgrantsinstance", kNone, 0}, {"s3:createaccessgrantslocation", kNone, 0},
    {"s3:createaccesspoint", kNone, 0}, {"s3:createaccesspointforobjectlambda", kNone, 0}, {"s3:createjob", kNone, 0},
    {"s3:createmultiregionaccesspoint", kNone, 0}, {"s3:createstoragelensgroup", kNone, 0},
    {"s3:deleteaccessgrant", kNone, 0}, {"s3:deleteaccessgrantsinstance", kNone, 0},
    {"s3:deleteaccessgrantsinstanceresourcepolicy", kNone, 0}, {"s3:deleteaccessgrantslocation", kNone, 0},
    {"s3:deleteaccesspoint", kNone, 0}, {"s3:deleteaccesspointforobjectlambda", kNone, 0},
    {"s3:deleteaccesspointpolicy", kNone, 0}, {"s3:deleteaccesspointpolicyforobjectlambda", kNone, 0},
    {"s3:deletejobtagging", kNone, 0}, {"s3:deletemultiregionaccesspoint", kNone, 0},
    {"s3:deletestoragelensconfiguration", kNone, 0}, {"s3:deletestoragelensconfigurationtagging", kNone, 0},
    {"s3:deletestoragelensgroup", kNone, 0}, {"s3:describejob", kNone, 0},
    {"s3:describemultiregionaccesspointoperation", kNone, 0}, {"s3:dissociateaccessgrantsidentitycenter", kNone, 0},
    {"s3:getaccessgrant", kNone, 0}, {"s3:getaccessgrantsinstance", kNone, 0},
    {"s3:getaccessgrantsinstanceforprefix", kNone, 0}, {"s3:getaccessgrantsinstanceresourcepolicy", kNone, 0},
    {"s3:getaccessgrantslocation", kNone, 0}, {"s3:getaccesspoint", kNone, 0},
    {"s3:getaccesspointconfigurationforobjectlambda", kNone, 0}, {"s3:getaccesspointforobjectlambda", kNone, 0},
    {"s3:getaccesspointpolicy", kNone, 0}, {"s3:getaccesspointpolicyforobjectlambda", kNone, 0},
    {"s3:getaccesspointpolicystatus", kNone, 0}, {"s3:getaccesspointpolicystatusforobjectlambda", kNone, 0},
    {"s3:getaccountpublicaccessblock", kNone, 0}, {"s3:getdataaccess", kNone, 0}, {"s3:getjobtagging", kNone, 0},
    {"s3:getmultiregionaccesspoint", kNone, 0}, {"s3:getmultiregionaccesspointpolicy", kNone, 0},
    {"s3:getmultiregionaccesspointpolicystatus", kNone, 0}, {"s3:getmultiregionaccesspointroutes", kNone, 0},
    {"s3:getstoragelensconfiguration", kNone, 0}, {"s3:getstoragelensconfigurationtagging", kNone, 0},
    {"s3:getstoragelensdashboard", kNone, 0}, {"s3:getstoragelensgroup", kNone, 0}, {"s3:listaccessgrants", kNone, 0},
    {"s3:listaccessgrantsinstances", kNone, 0}, {"s3:listaccessgrantslocations", kNone, 0},
    {"s3:listaccesspoints", kNone, 0}, {"s3:listaccesspointsforobjectlambda", kNone, 0},
    {"s3:listallmybuckets", kNone, 0}, {"s3:listcalleraccessgrants", kNone, 0}, {"s3:listjobs", kNone, 0},
    {"s3:listmultiregionaccesspoints", kNone, 0}, {"s3:liststoragelensconfigurations", kNone, 0},
    {"s3:liststoragelensgroups", kNone, 0}, {"s3:putaccessgrantsinstanceresourcepolicy", kNone, 0},
    {"s3:putaccesspointconfigurationforobjectlambda", kNone, 0}, {"s3:putaccesspointpolicy", kNone, 0},
    {"s3:putaccesspointpolicyforobjectlambda", kNone, 0}, {"s3:putaccesspointpublicaccessblock", kNone, 0},
    {"s3:putaccountpublicaccessblock", kNone, 0}, {"s3:putjobtagging", kNone, 0},
    {"s3:putmultiregionaccesspointpolicy", kNone, 0}, {"s3:putstoragelensconfiguration", kNone, 0},
    {"s3:putstoragelensconfigurationtagging", kNone, 0}, {"s3:submitmultiregionaccesspointroutes", kNone, 0},
    {"s3:updateaccessgrantslocation", kNone, 0}, {"s3:updatejobpriority", kNone, 0}, {"s3:updatejobstatus", kNone, 0},
    {"s3:updatestoragelensgroup", kNone, 0},
};

}  // namespace

std::span<const S3Action> s3_actions() { return kActions; }

S3KeyGroups s3_key_groups(std::string_view key) {
  constexpr std::string_view kPrefix = "s3:";
  if (!key.starts_with(kPrefix)) return 0;
  key.remove_prefix(kPrefix.size());
  const auto is_key = [&](const KeyName& known) {
    if (!known.name.ends_with('/')) return key == known.name;
    return key.size() > known.name.size() && key.starts_with(known.name);
  };
  const auto found = std::ranges::find_if(kKeys, is_key);
  return found == kKeys.end() ? 0 : found->groups;
}

}  // namespace gust::auth

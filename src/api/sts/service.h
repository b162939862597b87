// StsService: who am I. Loop thread only.
#pragma once

#include "wire/service.h"

namespace gust::api {

class StsService {
 public:
  StsService();
  wire::Service& wire() { return service_; }

 private:
  wire::Service service_;
};

}  // namespace gust::api

// Whether JSON is what a shape demands, looked at where it lies: no value is made of it. Any thread.
#pragma once

#include "wire/model.h"

#include <boost/json/fwd.hpp>

namespace gust::wire {

// True only where from_json() and validate() would find nothing wrong. False says nothing: those two have the words for
// it, and know the seldom kinds (blobs, times, documents, unions) that are not looked at here.
bool fits(const Ref& ref, const boost::json::value& json);

}  // namespace gust::wire

// What functions' and images' rows say of a container image (docs/formats/functions.md). Any thread.
#pragma once

#include "functions/function.h"

#include <boost/json/object.hpp>

namespace gust::functions::rows {

boost::json::object to_object(const ImageSettings& settings);
boost::json::object to_object(const ImageUse& use);
// Throw where a member is missing or of another kind.
ImageSettings to_image_settings(const boost::json::object& row);
ImageUse to_image_use(const boost::json::object& row);

}  // namespace gust::functions::rows

# The applications of `gust init`, templates/, as texts in the binary (src/cli/init/files.h).
file(GLOB_RECURSE INIT_FILES CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/templates ${CMAKE_SOURCE_DIR}/templates/*)
set(INIT_ENTRIES "")
foreach(FILE IN LISTS INIT_FILES)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/templates/${FILE})
  file(READ ${CMAKE_SOURCE_DIR}/templates/${FILE} TEXT)
  string(APPEND INIT_ENTRIES "    {\"${FILE}\", R\"file(${TEXT})file\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/init_files.cc @ONLY CONTENT [[#include "cli/init/files.h"

namespace gust::cli {

std::span<const EmbeddedFile> embedded_templates() {
  static constexpr EmbeddedFile kFiles[] = {
@INIT_ENTRIES@  };
  return kFiles;
}

}  // namespace gust::cli
]])
target_sources(gust_cli PRIVATE ${CMAKE_BINARY_DIR}/generated/init_files.cc)

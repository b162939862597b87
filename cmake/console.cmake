# The console's page (console/), built by npm and compiled into the daemon.
file(GLOB_RECURSE CONSOLE_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/console/src/*)
set(CONSOLE_ASSETS ${CMAKE_BINARY_DIR}/generated/console_assets.cc)
add_custom_command(
  OUTPUT ${CONSOLE_ASSETS}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/console ${CONSOLE_ASSETS}
  DEPENDS ${CONSOLE_SOURCES} ${CMAKE_SOURCE_DIR}/console/package-lock.json ${CMAKE_SOURCE_DIR}/console/vite.config.ts
          ${CMAKE_SOURCE_DIR}/console/index.html ${CMAKE_SOURCE_DIR}/console/pack.mjs
          ${CMAKE_SOURCE_DIR}/scripts/console
  COMMENT "Building the console's page")
target_sources(gust_daemon_rest PRIVATE ${CONSOLE_ASSETS})
set_source_files_properties(${CONSOLE_ASSETS} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)

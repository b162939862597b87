# The services. For each model: generated structs and the embedded model; then one target for all of api/.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(GENERATED ${CMAKE_BINARY_DIR}/generated/api)
file(GLOB MODELS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/api/models/*.json)
set(GENERATED_SOURCES)
foreach(MODEL ${MODELS})
  get_filename_component(SERVICE ${MODEL} NAME_WE)
  add_custom_command(
    OUTPUT ${GENERATED}/${SERVICE}.gen.h ${GENERATED}/${SERVICE}.gen.cc
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/api/generator/generate.py ${MODEL} ${GENERATED}
    DEPENDS ${MODEL} ${CMAKE_SOURCE_DIR}/api/generator/generate.py)
  list(APPEND GENERATED_SOURCES ${GENERATED}/${SERVICE}.gen.cc ${GENERATED}/${SERVICE}.gen.h)
endforeach()
add_library(gust_api_generated STATIC ${GENERATED_SOURCES})
target_link_libraries(gust_api_generated PUBLIC gust_wire)
target_precompile_headers(gust_api_generated REUSE_FROM gust_base)
add_executable(gust_api_generated_test ${CMAKE_SOURCE_DIR}/api/generator/generated_test.cc)
target_link_libraries(gust_api_generated_test PRIVATE gust_api_generated GTest::gmock GTest::gtest_main)
test_headers(gust_api_generated_test)
set_property(GLOBAL APPEND PROPERTY GUST_UNIT_TESTS gust_api_generated_test)

gust_module(api DIR ${CMAKE_SOURCE_DIR}/src/api UNIT_TESTED "/(apigatewayv2|dynamodb|dynamodbstreams)/|/(endpoint|post_policy)[.]"
  DEPS gust_api_generated gust_wire gust_auth gust_objects gust_functions gust_gateway gust_events gust_event_sources gust_scaling gust_tables gust_logs gust_metrics gust_traces)

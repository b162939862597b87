# One target for all services; the generated code for each model goes with it.
gust_module(api DIR ${CMAKE_SOURCE_DIR}/src/api DEPS gust_wire gust_auth gust_objects gust_functions gust_gateway gust_events)

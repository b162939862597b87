# find_package(aws-lambda-runtime): the target AWS::aws-lambda-runtime, and aws_lambda_package_target.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/aws-lambda-runtime-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/package_function.cmake)

# aws_lambda_package_target(TARGET [NO_LIBC]): a target aws-lambda-package-TARGET that makes TARGET.zip in the build's
# folder, ready for create-function with a runtime provided.*. A program linked with -static is the bootstrap itself;
# another gets its shared libraries beside it, the C library and its loader too unless NO_LIBC is given.
function(aws_lambda_package_target TARGET)
  cmake_parse_arguments(P "NO_LIBC" "" "" ${ARGN})
  add_custom_target(aws-lambda-package-${TARGET}
    COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:${TARGET}> -D NAME=${TARGET} -D NO_LIBC=${P_NO_LIBC}
            -D ZIP=${CMAKE_CURRENT_BINARY_DIR}/${TARGET}.zip -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/package_target.cmake
    DEPENDS ${TARGET} VERBATIM)
endfunction()

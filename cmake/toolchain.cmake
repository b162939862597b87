# Compiler flags, ccache, mold, sanitizers.
option(GUST_FUZZ "Build the libFuzzer targets" OFF)
set(GUST_SANITIZE "" CACHE STRING "Sanitizers, comma separated")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_SOURCE_DIR}/cmake/compile ${CMAKE_SOURCE_DIR})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-pthread -Wall -Wextra -Wpedantic -Werror=return-type -Wno-unused-parameter
                    -Wno-missing-field-initializers -fno-omit-frame-pointer -fstack-protector-strong)
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")  # of the sanitizers, whose builds take 2.5 times as long with -O1

if(GUST_SANITIZE)
  add_compile_options(-fsanitize=${GUST_SANITIZE} -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${GUST_SANITIZE})
endif()

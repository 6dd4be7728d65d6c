# What Brisk is built on: MLIR and LLVM 22 (shared libraries), libonnx and
# protobuf, and ccache where present. scripts/setup installs all of them.

# find_package(MLIR 22) is refused: the packages match major.minor.
find_package(MLIR 22.1 CONFIG PATHS /usr/lib/llvm-22)
if(NOT MLIR_FOUND)
  message(FATAL_ERROR "MLIR 22.1 not found: run scripts/setup, which installs the packages that Brisk is built from")
endif()
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(AddLLVM)
include(AddMLIR)
set(MLIR_LINK_MLIR_DYLIB ON)
set(LLVM_LINK_LLVM_DYLIB ON)

# ONNX's package file needs Protobuf to have been found before it.
if(DEFINED ENV{BRISK_CACHE})
  set(BRISK_CACHE $ENV{BRISK_CACHE})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(BRISK_CACHE $ENV{XDG_CACHE_HOME}/brisk)
else()
  set(BRISK_CACHE $ENV{HOME}/.cache/brisk)
endif()
find_package(Protobuf)
if(NOT Protobuf_FOUND)
  message(FATAL_ERROR "protobuf not found: run scripts/setup, which installs the packages that Brisk is built from")
endif()
find_package(ONNX CONFIG PATHS ${BRISK_CACHE}/onnx-1.23.2)
if(NOT ONNX_FOUND)
  message(FATAL_ERROR "libonnx not found in ${BRISK_CACHE}: run scripts/setup, which builds it once")
endif()

find_program(BRISK_CCACHE ccache)
if(BRISK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${BRISK_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

# std::stable_sort of libstdc++ 12 uses a deprecated buffer.
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-deprecated-declarations $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>)
option(BRISK_SANITIZE "Build compiler and runtime with ASan and UBSan" OFF)
if(BRISK_SANITIZE)
  set(brisk_sanitize_options -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-sanitize=vptr
      -fno-omit-frame-pointer)
  add_compile_options(${brisk_sanitize_options})
  add_link_options(-fsanitize=address,undefined)
endif()

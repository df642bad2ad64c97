# conv1d_find_headers(name HEADER file PACKAGE package TITLE text URL url SHA256 hash [FOLDER folder]): the target
# conv1d_<name>, a library of headers that the sources need and users of the installed library do not.
#
# Looked for in this order: CONV1D_FETCH_<NAME> (the sources, pinned by hash; their headers are in FOLDER), then
# CONV1D_<NAME>_INCLUDE_DIR, then the system (Debian's package), then .deps/usr/include, where `make deps-local` unpacks
# that package without root.
include(FetchContent)

function(conv1d_find_headers name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;PACKAGE;TITLE;URL;SHA256;FOLDER" "")
  string(TOUPPER ${name} upper)
  set(variable CONV1D_${upper}_INCLUDE_DIR)
  if(CONV1D_FETCH_${upper})
    set(FETCHCONTENT_QUIET OFF)
    FetchContent_Declare(${name}
      URL ${arg_URL}
      URL_HASH SHA256=${arg_SHA256}
      SOURCE_SUBDIR headers-only  # no such folder: unpacked, not built
      DOWNLOAD_EXTRACT_TIMESTAMP TRUE)
    FetchContent_MakeAvailable(${name})
    set(${variable} "${${name}_SOURCE_DIR}${arg_FOLDER}" CACHE PATH "Folder that holds ${arg_HEADER}" FORCE)
  else()
    find_path(${variable} ${arg_HEADER}
      HINTS "${CMAKE_CURRENT_SOURCE_DIR}/.deps/usr/include" DOC "Folder that holds ${arg_HEADER}")
  endif()
  if(NOT ${variable})
    message(FATAL_ERROR
      "${arg_TITLE}'s headers (${arg_HEADER}) were not found. Any of these helps:\n"
      "  apt-get install ${arg_PACKAGE}             (Debian, Ubuntu; as root)\n"
      "  make deps-local                        (Debian, Ubuntu; unpacks the package under .deps, without root)\n"
      "  cmake -DCONV1D_FETCH_${upper}=ON ...    (fetches the sources, pinned by hash)\n"
      "  cmake -D${variable}=... (where you have them)")
  endif()
  add_library(conv1d_${name} INTERFACE)
  target_include_directories(conv1d_${name} SYSTEM INTERFACE "${${variable}}")
endfunction()

# Google Highway as headers alone: its run-time library is not linked.
conv1d_find_headers(highway HEADER hwy/highway.h PACKAGE libhwy-dev TITLE "Google Highway"
  URL https://github.com/google/highway/archive/refs/tags/1.0.3.tar.gz
  SHA256 566fc77315878473d9a6bd815f7de78c73734acdcb745c3dde8579560ac5440e)

# JSON for Modern C++, for the headers of safetensors files.
conv1d_find_headers(json HEADER nlohmann/json.hpp PACKAGE nlohmann-json3-dev TITLE "JSON for Modern C++"
  URL https://github.com/nlohmann/json/archive/refs/tags/v3.11.2.tar.gz
  SHA256 d69f9deb6a75e2580465c6c4c5111b89c4dc2fa94e3a85fcd2ffcd9a143d9273
  FOLDER /single_include)

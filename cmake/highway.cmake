# conv1d_highway: Google Highway as headers alone (its run-time library is not linked).
#
# Looked for in this order: CONV1D_FETCH_HIGHWAY, then CONV1D_HIGHWAY_INCLUDE_DIR, then the system (Debian: libhwy-dev), then
# .deps/usr/include, where `make deps-local` unpacks Debian's package without root.
add_library(conv1d_highway INTERFACE)

if(CONV1D_FETCH_HIGHWAY)
  include(FetchContent)
  set(FETCHCONTENT_QUIET OFF)
  FetchContent_Declare(highway
    URL https://github.com/google/highway/archive/refs/tags/1.0.3.tar.gz
    URL_HASH SHA256=566fc77315878473d9a6bd815f7de78c73734acdcb745c3dde8579560ac5440e
    SOURCE_SUBDIR headers-only  # no such folder: unpacked, not built
    DOWNLOAD_EXTRACT_TIMESTAMP TRUE)
  FetchContent_MakeAvailable(highway)
  set(CONV1D_HIGHWAY_INCLUDE_DIR "${highway_SOURCE_DIR}" CACHE PATH "Folder that holds hwy/highway.h" FORCE)
else()
  find_path(CONV1D_HIGHWAY_INCLUDE_DIR hwy/highway.h
    HINTS "${CMAKE_CURRENT_SOURCE_DIR}/.deps/usr/include" DOC "Folder that holds hwy/highway.h")
endif()

if(NOT CONV1D_HIGHWAY_INCLUDE_DIR)
  message(FATAL_ERROR
    "Google Highway's headers (hwy/highway.h) were not found. Any of these helps:\n"
    "  apt-get install libhwy-dev             (Debian, Ubuntu; as root)\n"
    "  make deps-local                        (Debian, Ubuntu; unpacks the package under .deps, without root)\n"
    "  cmake -DCONV1D_FETCH_HIGHWAY=ON ...    (fetches the sources, pinned by hash)\n"
    "  cmake -DCONV1D_HIGHWAY_INCLUDE_DIR=... (where you have them)")
endif()
target_include_directories(conv1d_highway SYSTEM INTERFACE "${CONV1D_HIGHWAY_INCLUDE_DIR}")

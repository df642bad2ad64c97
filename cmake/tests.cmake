# One executable a room: tests/<room>/*_test.cc -> <room>_tests. Other sources of tests/support and tests/reference are shared.
list(APPEND CMAKE_PREFIX_PATH "${CMAKE_CURRENT_SOURCE_DIR}/.deps/usr")  # where `make deps-local` unpacks it
find_package(GTest REQUIRED)
include(GoogleTest)

file(GLOB support_sources CONFIGURE_DEPENDS
  "${CMAKE_CURRENT_SOURCE_DIR}/tests/support/*.cc" "${CMAKE_CURRENT_SOURCE_DIR}/tests/reference/*.cc")

# Tests are compiled for the person who waits for them: they prove, they do not race.
add_library(conv1d_test_support INTERFACE)
target_link_libraries(conv1d_test_support INTERFACE conv1d::conv1d GTest::gtest GTest::gtest_main)
target_include_directories(conv1d_test_support INTERFACE
  "${CMAKE_CURRENT_SOURCE_DIR}/src" "${CMAKE_CURRENT_SOURCE_DIR}/tests")
target_compile_definitions(conv1d_test_support INTERFACE
  CONV1D_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}" CONV1D_GOLDEN_DIR="${CMAKE_CURRENT_SOURCE_DIR}/tests/golden")
target_compile_options(conv1d_test_support INTERFACE $<$<CONFIG:Release>:-O1>)
if(support_sources)
  add_library(conv1d_test_support_objects STATIC ${support_sources})
  conv1d_options(conv1d_test_support_objects)
  target_link_libraries(conv1d_test_support_objects PUBLIC conv1d_test_support)
endif()

file(GLOB test_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/tests/*/*_test.cc")
set(test_rooms "")
foreach(source IN LISTS test_sources)
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(GET folder FILENAME room)
  list(APPEND test_rooms ${room})
endforeach()
list(REMOVE_DUPLICATES test_rooms)

foreach(room IN LISTS test_rooms)
  set(sources ${test_sources})
  list(FILTER sources INCLUDE REGEX "/tests/${room}/[^/]*_test\\.cc$")
  add_executable(${room}_tests ${sources})
  conv1d_options(${room}_tests)
  target_link_libraries(${room}_tests PRIVATE conv1d_test_support)
  if(TARGET conv1d_test_support_objects)
    target_link_libraries(${room}_tests PRIVATE conv1d_test_support_objects)
  endif()
  # PRE_TEST asks the executables when ctest runs, not each time they are linked.
  gtest_discover_tests(${room}_tests DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    TEST_PREFIX "${room}." PROPERTIES TIMEOUT 300 LABELS "${room}")
endforeach()

# The ways that README names of using the library from another project, each as a user would go it.
if(CONV1D_INSTALL AND NOT CONV1D_SANITIZE)
  find_program(CONV1D_PKG_CONFIG pkg-config)
  foreach(way IN ITEMS find_package pkg_config add_subdirectory)
    add_test(NAME consumer.${way} COMMAND ${CMAKE_COMMAND} -DWAY=${way} -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}
      -DBUILD=${CMAKE_CURRENT_BINARY_DIR} -DWORK=${CMAKE_CURRENT_BINARY_DIR}/consumer/${way} -DCXX=${CMAKE_CXX_COMPILER}
      -DLAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER} -DJOBS=2 -P ${CMAKE_CURRENT_SOURCE_DIR}/tests/consumer/run.cmake)
    set_tests_properties(consumer.${way} PROPERTIES TIMEOUT 900 LABELS consumer)
  endforeach()
  if(NOT CONV1D_PKG_CONFIG)
    set_tests_properties(consumer.pkg_config PROPERTIES DISABLED TRUE)
  endif()
endif()

# The library: every room of src/ is picked up by itself; the kernels' folders bring their own flags.
find_package(Threads REQUIRED)

file(GLOB conv1d_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*/*.cc")
file(GLOB_RECURSE conv1d_headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/include/conv1d/*.h")
add_library(conv1d ${conv1d_sources} ${conv1d_headers})
add_library(conv1d::conv1d ALIAS conv1d)

conv1d_options(conv1d)
target_include_directories(conv1d
  PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src")
# By their folders, not linked: an exported target may not name targets that are not installed.
target_include_directories(conv1d SYSTEM PRIVATE
  $<TARGET_PROPERTY:conv1d_highway,INTERFACE_INCLUDE_DIRECTORIES>
  $<TARGET_PROPERTY:conv1d_json,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_definitions(conv1d PRIVATE CONV1D_VERSION="${PROJECT_VERSION}")
target_link_libraries(conv1d PUBLIC Threads::Threads)
set_target_properties(conv1d PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

include(kernels OPTIONAL RESULT_VARIABLE conv1d_has_kernels)
if(conv1d_has_kernels)
  conv1d_add_kernels(conv1d)
endif()

# One program a file: examples/<name>.cc -> <name>.
file(GLOB example_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/examples/*.cc")
foreach(source IN LISTS example_sources)
  cmake_path(GET source STEM name)
  add_executable(${name} ${source})
  conv1d_options(${name})
  target_link_libraries(${name} PRIVATE conv1d::conv1d)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/examples")
endforeach()

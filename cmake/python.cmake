# The extension module conv1d._C.

# Python's headers as `make deps-local` unpacks them; Debian's pyconfig.h is reached from the folder above.
file(GLOB local_python_headers "${CMAKE_CURRENT_SOURCE_DIR}/.deps/usr/include/python3*/Python.h")
if(local_python_headers AND NOT EXISTS "${Python_INCLUDE_DIR}/Python.h")
  cmake_path(GET local_python_headers PARENT_PATH Python_INCLUDE_DIR)
  include_directories(SYSTEM "${CMAKE_CURRENT_SOURCE_DIR}/.deps/usr/include")
endif()
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
if(NOT nanobind_DIR)
  execute_process(COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
    OUTPUT_VARIABLE nanobind_DIR OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
find_package(nanobind CONFIG REQUIRED)

file(GLOB binding_sources CONFIGURE_DEPENDS
  "${CMAKE_CURRENT_SOURCE_DIR}/python/bindings/*.cc" "${CMAKE_CURRENT_SOURCE_DIR}/python/bindings/torch/*.cc")
nanobind_add_module(conv1d_python NB_STATIC NB_DOMAIN conv1d ${binding_sources})
conv1d_options(conv1d_python)
set_target_properties(conv1d_python PROPERTIES OUTPUT_NAME _C LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/python/conv1d")
target_compile_definitions(conv1d_python PRIVATE CONV1D_VERSION="${PROJECT_VERSION}")
target_link_libraries(conv1d_python PRIVATE conv1d::conv1d ${CMAKE_DL_LIBS})
# The library's symbols stay inside the module: smaller, and no other library in the process can meet them.
target_link_options(conv1d_python PRIVATE -Wl,--exclude-libs,ALL -Wl,--gc-sections)

install(TARGETS conv1d_python LIBRARY DESTINATION conv1d COMPONENT python)

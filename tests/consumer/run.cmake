# cmake -DWAY=... -DSOURCE=... -DBUILD=... -DWORK=... -DCXX=... -DJOBS=... -P run.cmake
# Builds and runs main.cc as a user would, in one of three ways: find_package, pkg_config or add_subdirectory.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

if(WAY STREQUAL "add_subdirectory")
  # Without optimisation: what is tested is how the projects are put together, here with a shared library.
  run(${CMAKE_COMMAND} -S "${SOURCE}/tests/consumer/add_subdirectory" -B "${WORK}/build" -DCMAKE_CXX_COMPILER=${CXX}
    -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DBUILD_SHARED_LIBS=ON)
  run(${CMAKE_COMMAND} --build "${WORK}/build" --target consumer --parallel ${JOBS})
  run("${WORK}/build/consumer")
  return()
endif()

run(${CMAKE_COMMAND} --install "${BUILD}" --component library --prefix "${WORK}/prefix")
if(WAY STREQUAL "find_package")
  run(${CMAKE_COMMAND} -S "${SOURCE}/tests/consumer/find_package" -B "${WORK}/build" -DCMAKE_CXX_COMPILER=${CXX}
    -DCMAKE_PREFIX_PATH=${WORK}/prefix)
  run(${CMAKE_COMMAND} --build "${WORK}/build")
  run("${WORK}/build/consumer")
else()
  # Moved first: an installed tree may be put elsewhere.
  file(RENAME "${WORK}/prefix" "${WORK}/moved")
  file(GLOB_RECURSE pc "${WORK}/moved/*/conv1d.pc")
  cmake_path(GET pc PARENT_PATH folder)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${folder} pkg-config --cflags --libs conv1d
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run(${CXX} -std=c++20 "${SOURCE}/tests/consumer/main.cc" ${flags} -o "${WORK}/consumer")
  run("${WORK}/consumer")
endif()

# What a user of the installed library needs: find_package(conv1d), pkg-config conv1d, the headers and the licence.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/conv1d)

install(TARGETS conv1d EXPORT conv1d-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT library)
install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/include/conv1d" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT library FILES_MATCHING PATTERN "*.h")
install(EXPORT conv1d-targets NAMESPACE conv1d:: DESTINATION ${package_dir} COMPONENT library)

configure_package_config_file("${CMAKE_CURRENT_SOURCE_DIR}/cmake/conv1d-config.cmake.in"
  "${CMAKE_CURRENT_BINARY_DIR}/conv1d-config.cmake" INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/conv1d-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/conv1d-config.cmake" "${CMAKE_CURRENT_BINARY_DIR}/conv1d-config-version.cmake"
  DESTINATION ${package_dir} COMPONENT library)

# The .pc file finds its prefix from where it lies, so that an installed tree can be moved.
file(RELATIVE_PATH pc_to_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
configure_file("${CMAKE_CURRENT_SOURCE_DIR}/cmake/conv1d.pc.in" "${CMAKE_CURRENT_BINARY_DIR}/conv1d.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/conv1d.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
install(FILES "${CMAKE_CURRENT_SOURCE_DIR}/LICENSE" "${CMAKE_CURRENT_SOURCE_DIR}/LICENSE-THIRD-PARTY"
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT library)

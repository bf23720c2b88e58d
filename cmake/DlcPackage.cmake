# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: programs in bin, Halide's library in lib, the C interface in include, and the packages that
# find_package(dlc) and pkg-config find. `--component runtime` is what programs with models are compiled with, `--component compiler` the rest.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS dlc dlc-run RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT compiler)
# The links beside dlc by which it is called for other commands.
install(FILES "$<TARGET_FILE_DIR:dlc>/dlc-opt" "$<TARGET_FILE_DIR:dlc>/dlc-tune" DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT compiler)
# The programs find Halide beside themselves, wherever the folder is moved to.
set_target_properties(dlc dlc-run PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};$ORIGIN/../lib")
install(IMPORTED_RUNTIME_ARTIFACTS Halide::Halide LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT compiler)

install(DIRECTORY "${CMAKE_SOURCE_DIR}/runtime/include/dlc" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT runtime
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

set(dlc_package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/dlc")
configure_package_config_file("${CMAKE_SOURCE_DIR}/cmake/dlcConfig.cmake.in" "${CMAKE_BINARY_DIR}/dlcConfig.cmake"
  INSTALL_DESTINATION "${dlc_package_folder}"
  PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/dlcConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/dlcConfig.cmake" "${CMAKE_BINARY_DIR}/dlcConfigVersion.cmake"
              "${CMAKE_SOURCE_DIR}/cmake/DlcAddModel.cmake"
        DESTINATION "${dlc_package_folder}" COMPONENT runtime)
# Relative to itself, so that the folder can be moved.
set(dlc_pkgconfig_folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH dlc_pkgconfig_to_prefix "/prefix/${dlc_pkgconfig_folder}" "/prefix")
configure_file("${CMAKE_SOURCE_DIR}/cmake/dlc.pc.in" "${CMAKE_BINARY_DIR}/dlc.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/dlc.pc" DESTINATION "${dlc_pkgconfig_folder}" COMPONENT runtime)
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/dlc" COMPONENT runtime)

# A wheel contains the same beside the Python package's own files, and only what this component names (see pyproject.toml).
set(dlc_wheel_folder dlc)
install(TARGETS dlc dlc-run RUNTIME DESTINATION "${dlc_wheel_folder}/bin" COMPONENT wheel EXCLUDE_FROM_ALL)
foreach(word opt tune)
  set(link dlc-${word})
  configure_file("${CMAKE_SOURCE_DIR}/tools/dlc/link.sh.in" "${CMAKE_BINARY_DIR}/wheel/${link}" @ONLY)
  install(PROGRAMS "${CMAKE_BINARY_DIR}/wheel/${link}" DESTINATION "${dlc_wheel_folder}/bin" COMPONENT wheel EXCLUDE_FROM_ALL)
endforeach()
install(IMPORTED_RUNTIME_ARTIFACTS Halide::Halide LIBRARY DESTINATION "${dlc_wheel_folder}/lib" COMPONENT wheel EXCLUDE_FROM_ALL)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/runtime/include/dlc" DESTINATION "${dlc_wheel_folder}/include" COMPONENT wheel EXCLUDE_FROM_ALL
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
# Relative to the package's folder, where the parts are called alike on all systems.
function(dlc_configure_wheel_package)
  set(CMAKE_INSTALL_BINDIR bin)
  set(CMAKE_INSTALL_INCLUDEDIR include)
  configure_package_config_file("${CMAKE_SOURCE_DIR}/cmake/dlcConfig.cmake.in" "${CMAKE_BINARY_DIR}/wheel/dlcConfig.cmake"
    INSTALL_DESTINATION lib/cmake/dlc PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_INCLUDEDIR)
endfunction()
dlc_configure_wheel_package()
install(FILES "${CMAKE_BINARY_DIR}/wheel/dlcConfig.cmake" "${CMAKE_BINARY_DIR}/dlcConfigVersion.cmake"
              "${CMAKE_SOURCE_DIR}/cmake/DlcAddModel.cmake"
        DESTINATION "${dlc_wheel_folder}/lib/cmake/dlc" COMPONENT wheel EXCLUDE_FROM_ALL)

# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: programs in bin, Halide's library in lib, the C interface in include, and the package that
# find_package(dlc) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS dlc dlc-opt dlc-run dlc-tune RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
# The programs find Halide beside themselves, wherever the folder is moved to. LLVM's libraries stay where Debian puts them.
set_target_properties(dlc dlc-opt dlc-run dlc-tune PROPERTIES
  INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};${LLVM_LIBRARY_DIR}")
install(IMPORTED_RUNTIME_ARTIFACTS Halide::Halide LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")

install(DIRECTORY "${CMAKE_SOURCE_DIR}/runtime/include/dlc" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h"
        PATTERN "*.hpp")

set(dlc_package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/dlc")
configure_package_config_file("${CMAKE_SOURCE_DIR}/cmake/dlcConfig.cmake.in" "${CMAKE_BINARY_DIR}/dlcConfig.cmake"
  INSTALL_DESTINATION "${dlc_package_folder}"
  PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/dlcConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/dlcConfig.cmake" "${CMAKE_BINARY_DIR}/dlcConfigVersion.cmake"
              "${CMAKE_SOURCE_DIR}/cmake/DlcAddModel.cmake"
        DESTINATION "${dlc_package_folder}")
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/dlc")

# SPDX-License-Identifier: Apache-2.0
# dlc_add_model(TARGET MODEL FILE [NAME name] [OPTIONS option...] [DEPENDS file...])
#
# Compiles the model FILE (.json or .onnx) with dlc when the project is built, links the object into TARGET, and puts the
# generated header NAME.h on TARGET's include path.
#   NAME     the model's C name (`dlc_model_NAME`, NAME.h); by default the file's name without its extension
#   OPTIONS  options for dlc, such as -O3, --target=x86-64 or --shape image=1x1x8x8; without a --target, dlc compiles for this
#            machine, or for CMAKE_SYSTEM_PROCESSOR when CMake cross-compiles
#   DEPENDS  files beside FILE that belong to the model (its weights): a change to them recompiles it
function(dlc_add_model target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MODEL;NAME" "OPTIONS;DEPENDS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dlc_add_model(${target}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_MODEL)
    message(FATAL_ERROR "dlc_add_model(${target}): say which model: dlc_add_model(${target} MODEL model.json)")
  endif()
  if(NOT TARGET ${target})
    message(FATAL_ERROR "dlc_add_model(${target}): there is no target '${target}'; call add_executable or add_library first")
  endif()
  cmake_path(ABSOLUTE_PATH arg_MODEL BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE OUTPUT_VARIABLE model)
  if(NOT EXISTS "${model}")
    message(FATAL_ERROR "dlc_add_model(${target}): there is no file ${model}")
  endif()
  if(NOT arg_NAME)
    cmake_path(GET model STEM LAST_ONLY arg_NAME)
    string(MAKE_C_IDENTIFIER "${arg_NAME}" arg_NAME)
  endif()
  set(depends "")
  foreach(file IN LISTS arg_DEPENDS)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    list(APPEND depends "${file}")
  endforeach()
  if(CMAKE_CROSSCOMPILING AND NOT "${arg_OPTIONS}" MATCHES "--target")
    string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
    string(REPLACE "arm64" "aarch64" processor "${processor}")
    string(REPLACE "x86_64" "x86-64" processor "${processor}")
    string(REPLACE "amd64" "x86-64" processor "${processor}")
    list(APPEND arg_OPTIONS "--target=${processor}")
  endif()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/dlc/${target}")
  file(MAKE_DIRECTORY "${folder}")
  # dlc writes the header beside the object.
  set(object "${folder}/${arg_NAME}.o")
  set(header "${folder}/${arg_NAME}.h")
  add_custom_command(
    OUTPUT "${object}" "${header}"
    COMMAND dlc::dlc "${model}" -o "${object}" "--name=${arg_NAME}" ${arg_OPTIONS}
    DEPENDS "${model}" ${depends} dlc::dlc
    COMMENT "Compiling model ${arg_NAME}"
    VERBATIM)
  set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  target_sources(${target} PRIVATE "${object}" "${header}")
  target_include_directories(${target} PRIVATE "${folder}")
  target_link_libraries(${target} PRIVATE dlc::runtime)
endfunction()

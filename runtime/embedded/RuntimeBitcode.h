// SPDX-License-Identifier: Apache-2.0
/// \file
/// The runtime that dlc links into every model, as LLVM bitcode.
#ifndef DLC_RUNTIME_EMBEDDED_RUNTIMEBITCODE_H
#define DLC_RUNTIME_EMBEDDED_RUNTIMEBITCODE_H

#include <string_view>

namespace dlc {

/// The runtime for the architecture of an LLVM triple ("x86_64", "aarch64"),
/// compiled for that architecture's base CPU; empty for others. The bytes live
/// as long as the program.
///
/// What a model refers to is at the end of dlc/abi.h. Functions in
/// llvm.compiler.used (__truncsfhf2 and its like) are called by instructions
/// that code generation expands, so they must stay until after it.
///
/// `forThreadSanitizer`: instrumented code, which refers to functions of that sanitizer's runtime.
std::string_view runtimeBitcode(std::string_view architecture, bool forThreadSanitizer);

} // namespace dlc

#endif // DLC_RUNTIME_EMBEDDED_RUNTIMEBITCODE_H

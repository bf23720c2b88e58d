# SPDX-License-Identifier: Apache-2.0
# Writes a header OUTPUT with one constant that names VERSION and a hash of the contents of the files INPUTS.
set(hashes "")
foreach(input IN LISTS INPUTS)
  file(SHA256 "${input}" hash)
  string(APPEND hashes "${hash}\n")
endforeach()
string(SHA256 hash "${hashes}")
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[
// SPDX-License-Identifier: Apache-2.0
#pragma once
/// Changes with everything that decides how kernels are compiled.
inline constexpr char kernelRevision[] = "@VERSION@, sources @hash@";
]])

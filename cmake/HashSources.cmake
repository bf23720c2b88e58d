# SPDX-License-Identifier: Apache-2.0
# Writes a header OUTPUT with a constant NAME that tells VERSION and a hash of the contents of the files INPUTS.
set(hashes "")
foreach(input IN LISTS INPUTS)
  file(SHA256 "${input}" hash)
  string(APPEND hashes "${hash}\n")
endforeach()
string(SHA256 hash "${hashes}")
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[
// SPDX-License-Identifier: Apache-2.0
#pragma once
/// Changes with the sources that decide what the cache that has it in its keys holds.
inline constexpr char @NAME@[] = "@VERSION@, sources @hash@";
]])

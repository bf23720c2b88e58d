# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=FILE.bc -DOUTPUT=FILE.cpp -DNAME=ARCH -P EmbedBitcode.cmake: writes the bytes of a file as a C++ array.
file(READ "${INPUT}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
# Bitcode is read in words of four bytes.
file(WRITE "${OUTPUT}" "extern const unsigned char runtimeBitcode_${NAME}[];
extern const unsigned long runtimeBitcodeSize_${NAME};
alignas(16) const unsigned char runtimeBitcode_${NAME}[] = {
${bytes}};
const unsigned long runtimeBitcodeSize_${NAME} = ${size};
")

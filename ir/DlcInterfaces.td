// SPDX-License-Identifier: Apache-2.0
// Entry point for the interface generators; the definitions stand with the classes that use them.
include "ir/DlcBase.td"

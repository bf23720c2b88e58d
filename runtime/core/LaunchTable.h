// SPDX-License-Identifier: Apache-2.0
/// \file
/// Launches as data: what the compiler makes of entry points with more
/// launches than pay as code of their own.
#ifndef DLC_CORE_LAUNCHTABLE_H
#define DLC_CORE_LAUNCHTABLE_H

#include "dlc/abi.h"

/// Runs a task on the calling thread or on several, as its estimated duration
/// advises: a function of generated code.
typedef dlc_int32 (*dlcLaunchInRanges)(const dlc_call *call, dlc_task task, const void *arguments, dlc_int64 extent,
                                       dlc_int64 grain, dlc_int64 nanoseconds);

/// Runs `count` launches one after the other and returns the status of the
/// first that fails, or 0.
///
/// A launch is a sequence of words: the number of its function; the number of
/// its arguments; its extent, a value; its grain, or 0 if it always runs on
/// the calling thread; its estimated duration in nanoseconds, a value; then
/// for each argument its base (enum dlc_argument_base and a number) and the
/// offset in bytes or the number itself: as it is with DLC_BASE_IMMEDIATE,
/// otherwise a value.
///
/// A value is a position in `values`, which has a constant, a term, a factor, a
/// count, and as many more pairs of a term and a factor there: the sum of the
/// constant and of the products. `terms` are the numbers that are known only
/// when a run begins; there is at least one.
/// `arguments` has room for the arguments of the largest launch.
dlc_int32 dlcRunLaunches(const dlc_call *call, dlc_int64 count, const dlc_int32 *words, const dlc_int64 *values,
                         const dlc_task *functions, const dlc_int64 *terms, dlc_int64 *arguments,
                         dlcLaunchInRanges launchInRanges);

#endif // DLC_CORE_LAUNCHTABLE_H

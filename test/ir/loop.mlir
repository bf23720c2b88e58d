// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --dlc-bind-loop-shapes | FileCheck %s --check-prefix=BOUND

func.func private @sum(%step: tensor<i64>, %s: tensor<?x8xf32>, %x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %0 = dlc.add %s, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = dlc.tanh %0 : tensor<?x8xf32> -> tensor<?x8xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
}

// CHECK-LABEL: @running_sum
// CHECK: dlc.loop @sum carried(%{{.*}} : tensor<?x8xf32>) scanned(%{{.*}} : tensor<?x?x8xf32>) invariants() {reverse} -> tensor<?x8xf32>, tensor<?x?x8xf32>
// BOUND: func.func private @sum(%{{.*}}: tensor<i64> {dlc.dims = affine_map<()[s0, s1] -> ()>}, %{{.*}}: tensor<?x8xf32> {dlc.dims = affine_map<()[s0, s1] -> (s0, 8)>},
// BOUND-SAME: attributes {dlc.carried = 1 : i64, dlc.stacked = 1 : i64, dlc.symbols = ["N", "T"]}
func.func @running_sum(%s: tensor<?x8xf32> {dlc.dims = ["N", 8]}, %x: tensor<?x?x8xf32> {dlc.dims = ["T", "N", 8]})
    -> (tensor<?x8xf32>, tensor<?x?x8xf32>) {
  %0, %1 = dlc.loop @sum carried(%s : tensor<?x8xf32>) scanned(%x : tensor<?x?x8xf32>) invariants() {reverse}
      -> tensor<?x8xf32>, tensor<?x?x8xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x?x8xf32>
}

func.func private @count(%step: tensor<i64>, %n: tensor<i64>, %limit: tensor<i64>) -> (tensor<i64>, tensor<i64>, tensor<i1>) {
  %0 = dlc.add %n, %step : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %1 = dlc.greater %0, %limit : (tensor<i64>, tensor<i64>) -> tensor<i1>
  return %0, %n, %1 : tensor<i64>, tensor<i64>, tensor<i1>
}

// CHECK-LABEL: @until
// CHECK: dlc.loop @count carried(%{{.*}} : tensor<i64>) scanned() invariants(%{{.*}} : tensor<i64>) {stops, trip_count = 10 : i64} -> tensor<i64>, tensor<10xi64>, tensor<i64>
func.func @until(%n: tensor<i64>, %limit: tensor<i64>) -> (tensor<i64>, tensor<10xi64>, tensor<i64>) {
  %0, %1, %2 = dlc.loop @count carried(%n : tensor<i64>) scanned() invariants(%limit : tensor<i64>) {stops, trip_count = 10 : i64}
      -> tensor<i64>, tensor<10xi64>, tensor<i64>
  return %0, %1, %2 : tensor<i64>, tensor<10xi64>, tensor<i64>
}

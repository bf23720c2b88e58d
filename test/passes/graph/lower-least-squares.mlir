// RUN: dlc-opt %s --dlc-lower-least-squares --split-input-file | FileCheck %s

// A step takes the longest column, if it is longer than rounding errors, and what it has of the others out of them.
// CHECK-LABEL: func.func @fit(
// CHECK:  %[[BOUND:.*]] = dlc.mul %{{.*}}, %{{.*}} : (tensor<f64>, tensor<f64>) -> tensor<f64>
// CHECK:  %[[STEPS:.*]]:6 = dlc.loop init({{.*}} : tensor<3x?xf64>, tensor<1x?xf64>) scan() {trip_count = 3 : i64}
// CHECK:  ^bb0(%{{.*}}: tensor<i64>, %[[A:.*]]: tensor<3x?xf64>, %[[B:.*]]: tensor<1x?xf64>):
// CHECK:  %[[LENGTHS:.*]] = dlc.reduce l2 %[[A]] {axes = array<i64: 1>}
// CHECK:  %[[TAKEN:.*]] = dlc.hardmax %[[LENGTHS]]
// CHECK:  %[[LONGEST:.*]] = dlc.reduce max %[[LENGTHS]]
// CHECK:  %[[SMALL:.*]] = dlc.less_or_equal %[[LONGEST]], %[[BOUND]]
// CHECK:  %[[INVERSE:.*]] = dlc.where %[[SMALL]]
// CHECK:  %[[DIRECTION:.*]] = dlc.mul {{.*}} -> tensor<1x?xf64>
// CHECK:  %[[SHARES:.*]] = dlc.matmul %[[A]], %[[DIRECTION]] {transpose_rhs = true}
// CHECK:  %[[TARGETS:.*]] = dlc.matmul %[[B]], %[[DIRECTION]] {transpose_rhs = true}
// CHECK:  dlc.next %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[TAKEN]], %[[INVERSE]]
// Coefficients follow from those of the columns that were taken later.
// CHECK:  %[[X:.*]] = dlc.loop init({{.*}} : tensor<3x1xf64>) scan(%[[STEPS]]#2, %[[STEPS]]#3, %[[STEPS]]#4, %[[STEPS]]#5 : {{.*}}) {reverse}
// CHECK:  %[[KNOWN:.*]] = dlc.matmul {{.*}} -> tensor<1x1xf64>
// CHECK:  dlc.sub %{{.*}}, %[[KNOWN]]
// CHECK-NOT: dlc.least_squares
func.func @fit(%a: tensor<?x3xf64> {dlc.dims = ["M", 3]}, %b: tensor<?xf64> {dlc.dims = ["M"]}) -> tensor<3xf64> {
  %x = dlc.least_squares %a, %b : (tensor<?x3xf64>, tensor<?xf64>) -> tensor<3xf64>
  return %x : tensor<3xf64>
}

// -----

// As many steps as there are columns, which a run decides.
// CHECK-LABEL: func.func @columns(
// CHECK:  %[[POSITIONS:.*]] = dlc.index
// CHECK:  dlc.loop init({{.*}} : tensor<2x?x?xf32>, tensor<2x4x?xf32>) scan(%[[POSITIONS]] : tensor<?xi64>)
func.func @columns(%a: tensor<2x?x?xf32> {dlc.dims = [2, "M", "N"]}, %b: tensor<2x?x4xf32> {dlc.dims = [2, "M", 4]}) -> tensor<2x?x4xf32> {
  %x = dlc.least_squares %a, %b : (tensor<2x?x?xf32>, tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  return %x : tensor<2x?x4xf32>
}

// -----

// Nothing to find.
// CHECK-LABEL: func.func @empty(
// CHECK-NOT: dlc.loop
func.func @empty(%a: tensor<5x2xf32>, %b: tensor<5x0xf32>) -> tensor<2x0xf32> {
  %x = dlc.least_squares %a, %b : (tensor<5x2xf32>, tensor<5x0xf32>) -> tensor<2x0xf32>
  return %x : tensor<2x0xf32>
}

// What flows are made of: queues, windows that move over a frame of pixels, sums over a frame.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Pixels wait here for their reader; it is never written when full, which its depth is made for.
module brisk_queue #(parameter BITS = 1, DEPTH = 1)
  (input clk, input write, input [BITS-1:0] in, input read, output ready, output [BITS-1:0] out);
generate if (DEPTH == 1) begin : one
  reg [BITS-1:0] held;
  reg full = 0;
  always @(posedge clk) begin
    if (write) held <= in;
    full <= write | (full & ~read);
  end
  assign ready = full;
  assign out = held;
end else begin : several
  localparam PLACE = $clog2(DEPTH), COUNT = $clog2(DEPTH + 1);
  reg [BITS-1:0] held [0:DEPTH-1];
  reg [PLACE-1:0] first = 0, next = 0;
  reg [COUNT-1:0] count = 0;
  always @(posedge clk) begin
    if (write) begin
      held[next] <= in;
      next <= next == DEPTH - 1 ? 0 : next + 1;
    end
    if (read) first <= first == DEPTH - 1 ? 0 : first + 1;
    count <= count + write - read;
  end
  assign ready = count != 0;
  assign out = held[first];
end endgenerate
endmodule

// Takes the H x W pixels of a frame, and shows each window of KH x KW, moved by SH and SW from PH and PW before the first,
// in the cycle that completes it. Steps beyond the frame's end complete the last ones. Pixels outside are OUTSIDE.
module brisk_window #(parameter BITS = 1, H = 1, W = 1, KH = 1, KW = 1, SH = 1, SW = 1, PH = 0, PW = 0, OH = 1, OW = 1,
                      parameter [BITS-1:0] OUTSIDE = 0)
  (input clk, input ready, input [BITS-1:0] pixel, output take, output fire, output [KH*KW*BITS-1:0] window);
localparam FIRST = (KH - 1 - PH) * W + KW - 1 - PW;
localparam LAST = FIRST + (OH - 1) * SH * W + (OW - 1) * SW;
localparam STEPS = LAST + 1 > H * W ? LAST + 1 : H * W;
localparam REMEMBERED = (KH - 1) * W + KW - 1;
localparam NUMBER = $clog2(STEPS + SH * W + 1), PLACE = $clog2((OH > OW ? OH * SH : OW * SW) + KH + KW + 1);
reg [NUMBER-1:0] step = 0, target = FIRST;
reg [PLACE-1:0] row = 0, column = 0; // where the window starts, counted from PH and PW before the frame
wire beyond = step >= H * W;
wire moves = ready | beyond;
assign take = ready & ~beyond;
assign fire = moves & (step == target);
always @(posedge clk) begin
  if (moves) step <= step == STEPS - 1 ? 0 : step + 1;
  if (fire) begin
    if (column != (OW - 1) * SW) begin
      column <= column + SW;
      target <= target + SW;
    end else begin
      column <= 0;
      row <= row == (OH - 1) * SH ? 0 : row + SH;
      target <= row == (OH - 1) * SH ? FIRST : target + SH * W - (OW - 1) * SW;
    end
  end
end
wire [(REMEMBERED+1)*BITS-1:0] seen; // the newest in the lowest bits
assign seen[BITS-1:0] = pixel;
genvar i, j, k;
generate
  for (k = 0; k < REMEMBERED; k = k + 1) begin : line
    reg [BITS-1:0] held;
    always @(posedge clk) if (moves) held <= seen[k*BITS +: BITS];
    assign seen[(k+1)*BITS +: BITS] = held;
  end
  for (i = 0; i < KH; i = i + 1) begin : rows
    for (j = 0; j < KW; j = j + 1) begin : columns
      wire above, below, left, right;
      if (i < PH) assign above = row + i < PH; else assign above = 0;
      if ((OH - 1) * SH + i >= H + PH) assign below = row + i >= H + PH; else assign below = 0;
      if (j < PW) assign left = column + j < PW; else assign left = 0;
      if ((OW - 1) * SW + j >= W + PW) assign right = column + j >= W + PW; else assign right = 0;
      assign window[(i*KW+j)*BITS +: BITS] =
          above | below | left | right ? OUTSIDE : seen[((KH-1-i)*W + KW-1-j)*BITS +: BITS];
    end
  end
endgenerate
endmodule

// Adds COUNT pixels of ELEMENTS numbers up.
module brisk_sum #(parameter ELEMENTS = 1, BITS = 1, COUNT = 1)
  (input clk, input valid, input [ELEMENTS*BITS-1:0] x, output reg done, output reg [ELEMENTS*BITS-1:0] y);
localparam NUMBER = $clog2(COUNT + 1);
reg [NUMBER-1:0] step = 0;
initial done = 0;
always @(posedge clk) begin
  done <= valid & (step == COUNT - 1);
  if (valid) step <= step == COUNT - 1 ? 0 : step + 1;
end
genvar e;
generate for (e = 0; e < ELEMENTS; e = e + 1) begin : element
  always @(posedge clk)
    if (valid) y[e*BITS +: BITS] <= (step == 0 ? {BITS{1'b0}} : y[e*BITS +: BITS]) + x[e*BITS +: BITS];
end endgenerate
endmodule

// RUN: brisk-opt --verify-diagnostics --split-input-file %s

// A key that no machine has.
// expected-error@+1 {{machine description: rates: unknown key 'speed'}}
module attributes {machine.desc = #machine.desc<{rates = {speed = 3.0}}>} {}

// -----

// A machine cannot be slower than nothing.
// expected-error@+1 {{machine description: rates: 'simple' expects a positive number}}
module attributes {machine.desc = #machine.desc<{rates = {simple = -1.0}}>} {}

// -----

// expected-error@+1 {{machine description: overheads: 'kernel' expects a number from 0 up}}
module attributes {machine.desc = #machine.desc<{overheads = {kernel = 0x7FF8000000000000 : f64}}>} {}

// -----

// expected-error@+1 {{machine description: isas[0]: expects a name}}
module attributes {machine.desc = #machine.desc<{isas = [{vector_bits = 256 : i64}]}>} {}

// -----

// expected-error@+1 {{machine description: isas[0]: 'vector_bits' expects a whole number of at most 65536}}
module attributes {machine.desc = #machine.desc<{isas = [{name = "x", vector_bits = 256.5}]}>} {}

// -----

// expected-error@+1 {{machine description: memory[1]: is smaller than the level before it}}
module attributes {machine.desc = #machine.desc<{memory = [{bytes = 2048, gb_per_s = 9}, {bytes = 1024, gb_per_s = 9},
                                                           {gb_per_s = 9}]}>} {}

// -----

// expected-error@+1 {{machine description: 'memory' expects a last level without 'bytes'}}
module attributes {machine.desc = #machine.desc<{memory = [{bytes = 2048, gb_per_s = 9}]}>} {}

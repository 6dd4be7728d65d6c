// The compiler's options, from Options.def.
//
// Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BRISK_COMPILER_OPTIONS_H
#define BRISK_COMPILER_OPTIONS_H

#include <string>
#include <vector>

namespace brisk {

namespace option {
using string = std::string;
using list = std::vector<std::string>;
} // namespace option

struct Options {
  // A list starts empty whatever its default says.
  template <typename T, typename D> static T initial(D value) {
    if constexpr (std::is_same_v<T, option::list>)
      return {};
    else
      return T(value);
  }
  using string = option::string;
  using list = option::list;
#define BRISK_OPTION(type, name, flag, value, group, meta, help) type name = initial<type>(value);
#include "compiler/Options.def"
};

} // namespace brisk
#endif

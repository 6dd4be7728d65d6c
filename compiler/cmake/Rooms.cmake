# Rooms: a folder with a CMakeLists.txt below dialects/, passes/ or targets/.
#
# A room's CMakeLists.txt is one line, `brisk_room()`. It compiles every .cpp
# of the folder (and of its ops/ and ir/ folders), runs tablegen on every .td
# according to what the file defines, and enters the room in the generated
# Rooms.def under a name derived from its folder: passes/fuse gives
# BRISK_PASS_ROOM(Fuse), which expects `brisk::registerFusePasses()` (written by
# tablegen) in passes/fuse/Passes.h; a dialect room gives registerXDialect(), a
# target room (XTarget.cpp) registerXTarget().
# Adding a room changes no existing file.

set(BRISK_GENERATED ${CMAKE_BINARY_DIR}/generated)
# mlir_tablegen's include paths come from directory properties.
include_directories(SYSTEM ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
include_directories(${CMAKE_SOURCE_DIR} ${BRISK_GENERATED})

# Headers that nearly every file reads, parsed once. They are LLVM's only, so the precompiled form lives in the
# cache under a name made of all it depends on, and clean builds and other checkouts find it (and so does ccache).
set(brisk_pch_options "")
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}}")
  set(flags ${flags} -std=c++20 -fPIC -fvisibility-inlines-hidden -fno-rtti -fno-exceptions)
  if(BRISK_SANITIZE)
    list(APPEND flags ${brisk_sanitize_options})
  endif()
  file(READ ${CMAKE_SOURCE_DIR}/compiler/cmake/Pch.h pch_text)
  string(SHA256 pch_key "${pch_text};${CMAKE_CXX_COMPILER};${CMAKE_CXX_COMPILER_VERSION};${LLVM_PACKAGE_VERSION};${flags}")
  string(SUBSTRING ${pch_key} 0 16 pch_key)
  set(pch ${BRISK_CACHE}/pch/${pch_key}.pch)
  if(NOT EXISTS ${pch})
    message(STATUS "Precompiling headers into ${pch}")
    file(MAKE_DIRECTORY ${BRISK_CACHE}/pch)
    # The header's own path must not matter, or checkouts could not share it.
    file(COPY_FILE ${CMAKE_SOURCE_DIR}/compiler/cmake/Pch.h ${BRISK_CACHE}/pch/${pch_key}.h ONLY_IF_DIFFERENT)
    string(RANDOM suffix)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${flags} -isystem ${MLIR_INCLUDE_DIRS} -x c++-header
                            ${BRISK_CACHE}/pch/${pch_key}.h -o ${pch}.${suffix}
                    COMMAND_ERROR_IS_FATAL ANY)
    file(RENAME ${pch}.${suffix} ${pch})
  endif()
  set(brisk_pch_options "SHELL:-include-pch ${pch}")
endif()

set_property(GLOBAL PROPERTY BRISK_ROOMS "")
set_property(GLOBAL PROPERTY BRISK_ROOM_DEFS "")

# Runs the generators that TD asks for by what it defines.
function(brisk_tablegen td room)
  file(RELATIVE_PATH rel ${CMAKE_SOURCE_DIR} ${td})
  get_filename_component(dir ${rel} DIRECTORY)
  get_filename_component(stem ${rel} NAME_WE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${td})
  file(READ ${td} text)
  set(gens "")
  if(stem STREQUAL "Passes")
    list(APPEND gens "h:-gen-pass-decls -name=${room}")
  endif()
  if(text MATCHES ": *Dialect *{")
    list(APPEND gens "Dialect.h:-gen-dialect-decls" "Dialect.cpp:-gen-dialect-defs")
  endif()
  if(text MATCHES ": *(OpInterface|AttrInterface|TypeInterface)<")
    list(APPEND gens "h:-gen-op-interface-decls" "cpp:-gen-op-interface-defs")
  elseif(text MATCHES "\n *def +[A-Za-z0-9_]+ *: *[A-Za-z0-9_]*(Op|Node)(_[A-Za-z0-9]+)?<" OR text MATCHES "\n *def +[A-Za-z0-9_]+Op *:")
    list(APPEND gens "h:-gen-op-decls" "cpp:-gen-op-defs")
  endif()
  if(text MATCHES "AttrDef<")
    list(APPEND gens "Attrs.h:-gen-attrdef-decls" "Attrs.cpp:-gen-attrdef-defs")
  endif()
  if(text MATCHES "EnumAttr<|EnumAttrCase<")
    list(APPEND gens "Enums.h:-gen-enum-decls" "Enums.cpp:-gen-enum-defs")
  endif()
  set(includes -I ${CMAKE_SOURCE_DIR} -I ${MLIR_INCLUDE_DIRS})
  file(MAKE_DIRECTORY ${BRISK_GENERATED}/${dir})
  foreach(gen ${gens})
    string(REGEX MATCH "^([^:]+):(.*)$" _ "${gen}")
    set(out ${BRISK_GENERATED}/${dir}/${stem}.${CMAKE_MATCH_1}.inc)
    separate_arguments(flags UNIX_COMMAND "${CMAKE_MATCH_2}")
    add_custom_command(OUTPUT ${out}
      COMMAND mlir-tblgen ${flags} ${includes} ${td} --write-if-changed -o ${out} -d ${out}.d
      DEPENDS ${td} DEPFILE ${out}.d COMMENT "Tablegen ${rel} -> ${stem}.${CMAKE_MATCH_1}.inc")
    list(APPEND outputs ${out})
  endforeach()
  set(tablegen_outputs ${tablegen_outputs} ${outputs} PARENT_SCOPE)
endfunction()

function(brisk_room)
  file(RELATIVE_PATH rel ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  get_filename_component(room ${rel} NAME)
  get_filename_component(floor ${rel} DIRECTORY)
  string(SUBSTRING ${room} 0 1 first)
  string(TOUPPER ${first} first)
  string(SUBSTRING ${room} 1 -1 rest)
  set(name ${first}${rest})

  file(GLOB tds CONFIGURE_DEPENDS *.td ops/*.td ir/*.td)
  set(tablegen_outputs "")
  foreach(td ${tds})
    brisk_tablegen(${td} ${name})
  endforeach()
  if(tablegen_outputs)
    add_custom_target(brisk_${floor}_${room}_tablegen DEPENDS ${tablegen_outputs})
    add_dependencies(brisk_headers brisk_${floor}_${room}_tablegen)
  endif()

  # Families of ops (ops/X.td beside ops/X.cpp) are listed for the dialect's initialize().
  file(GLOB families CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/ops ops/*.td)
  if(families)
    set(def "")
    foreach(family ${families})
      get_filename_component(family ${family} NAME_WE)
      string(APPEND def "BRISK_OP_FAMILY(${family})\n")
    endforeach()
    file(CONFIGURE OUTPUT ${BRISK_GENERATED}/${rel}/Families.def CONTENT "${def}")
  endif()

  file(GLOB sources CONFIGURE_DEPENDS *.cpp ops/*.cpp ir/*.cpp)
  set(target brisk_${floor}_${room})
  if(sources)
    add_library(${target} OBJECT ${sources})
    target_compile_options(${target} PRIVATE -fno-rtti -fno-exceptions ${brisk_pch_options})
    add_dependencies(${target} brisk_headers)
    set_property(GLOBAL APPEND PROPERTY BRISK_ROOMS ${target})
  endif()
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/Passes.td)
    set_property(GLOBAL APPEND_STRING PROPERTY BRISK_PASS_HEADERS "#include \"${rel}/Passes.h\"\n")
    set_property(GLOBAL APPEND_STRING PROPERTY BRISK_ROOM_DEFS "BRISK_PASS_ROOM(${name})\n")
  endif()
  if(floor STREQUAL "dialects" AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}.td)
    set_property(GLOBAL APPEND_STRING PROPERTY BRISK_ROOM_DEFS "BRISK_DIALECT_ROOM(${name})\n")
  elseif(floor STREQUAL "targets" AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}Target.cpp)
    set_property(GLOBAL APPEND_STRING PROPERTY BRISK_ROOM_DEFS "BRISK_TARGET_ROOM(${name})\n")
    # A target's private dialect.
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/ir/${name}.td)
      set_property(GLOBAL APPEND_STRING PROPERTY BRISK_ROOM_DEFS "BRISK_DIALECT_ROOM(${name})\n")
    endif()
  endif()
endfunction()

# Discovers the rooms of each floor and writes Rooms.def.
macro(brisk_add_rooms)
  add_custom_target(brisk_headers)
  foreach(floor ${ARGN})
    file(GLOB rooms CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${floor}/*/CMakeLists.txt)
    foreach(room ${rooms})
      get_filename_component(room ${room} DIRECTORY)
      add_subdirectory(${room})
    endforeach()
  endforeach()
  get_property(defs GLOBAL PROPERTY BRISK_ROOM_DEFS)
  set(rooms_def "#ifndef BRISK_DIALECT_ROOM\n#define BRISK_DIALECT_ROOM(name)\n#endif\n#ifndef BRISK_PASS_ROOM\n#define BRISK_PASS_ROOM(name)\n#endif\n#ifndef BRISK_TARGET_ROOM\n#define BRISK_TARGET_ROOM(name)\n#endif\n${defs}#undef BRISK_DIALECT_ROOM\n#undef BRISK_PASS_ROOM\n#undef BRISK_TARGET_ROOM\n")
  file(CONFIGURE OUTPUT ${BRISK_GENERATED}/Rooms.def CONTENT "${rooms_def}" @ONLY)
  get_property(headers GLOBAL PROPERTY BRISK_PASS_HEADERS)
  file(CONFIGURE OUTPUT ${BRISK_GENERATED}/PassRooms.h CONTENT "${headers}" @ONLY)
endmacro()

# sks_plugins(TARGET kind NAMES...): adds NAME.c of every name to TARGET and generates the table
# sks_KIND_table of pointers to sks_KIND_NAME, in this order, ended by NULL. A table rather than
# constructor functions: the order is fixed and the linker cannot drop an entry.
function(sks_plugins target kind header)
  set(externs "")
  set(rows "")
  foreach(name IN LISTS ARGN)
    string(APPEND externs "extern const sks_${kind} sks_${kind}_${name};\n")
    string(APPEND rows "    &sks_${kind}_${name},\n")
    target_sources(${target} PRIVATE ${name}.c)
  endforeach()
  set(table ${CMAKE_CURRENT_BINARY_DIR}/${kind}_table.c)
  file(CONFIGURE OUTPUT ${table} @ONLY CONTENT
"#include \"${header}\"\n\n${externs}\nconst sks_${kind} *const sks_${kind}_table[] = {\n${rows}    NULL,\n};\n")
  target_sources(${target} PRIVATE ${table})
endfunction()

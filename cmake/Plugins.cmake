# sks_plugins(TARGET kind HEADER FILES...): adds FILE.c of every FILE (DIR/NAME) to TARGET and
# generates the table sks_KIND_table of pointers to sks_KIND_NAME, in this order, ended by NULL. A table rather than
# constructor functions: the order is fixed and the linker cannot drop an entry.
function(sks_plugins target kind header)
  set(externs "")
  set(rows "")
  foreach(file IN LISTS ARGN)
    get_filename_component(name ${file} NAME)
    string(APPEND externs "extern const sks_${kind} sks_${kind}_${name};\n")
    string(APPEND rows "    &sks_${kind}_${name},\n")
    target_sources(${target} PRIVATE ${file}.c)
  endforeach()
  set(table ${CMAKE_CURRENT_BINARY_DIR}/${kind}_table.c)
  file(CONFIGURE OUTPUT ${table} @ONLY CONTENT
"#include \"${header}\"\n\n${externs}\nconst sks_${kind} *const sks_${kind}_table[] = {\n${rows}    NULL,\n};\n")
  target_sources(${target} PRIVATE ${table})
endfunction()

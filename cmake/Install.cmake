# What `cmake --install` puts where: the program, its manual page, its plot templates; and the
# schedulers with the little they need, as a library that other programs can link.

install(TARGETS skyscale RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET skyscale_mpi)
  install(TARGETS skyscale_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/skyscale)
endif()
install(FILES docs/skyscale.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(DIRECTORY plots/ DESTINATION ${CMAKE_INSTALL_DATADIR}/skyscale/plots
  FILES_MATCHING PATTERN "*.gp" PATTERN "*.html")
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN "*.md" PATTERN "*.sbatch")
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The headers name each other as "common/range.h": with -I…/include/skyscale they still do.
install(TARGETS skyscale_schedulers skyscale_common
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES common/param.h common/range.h common/status.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/skyscale/common)
install(FILES schedulers/scheduler.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/skyscale/schedulers)

# The .pc file finds its prefix from where it lies, so that `cmake --install --prefix` holds too.
set(SKS_PC_DIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH SKS_PC_LIBDIR ${SKS_PC_DIR} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH SKS_PC_INCLUDEDIR ${SKS_PC_DIR} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(${CMAKE_CURRENT_LIST_DIR}/skyscale-schedulers.pc.in skyscale-schedulers.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/skyscale-schedulers.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

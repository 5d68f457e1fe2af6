/* SPDX-License-Identifier: MIT */
/*
 * A list of words in one value of the command line, as QEMU writes it: a,b=c,d=e,,f
 */
#ifndef MINIVMM_OPTIONS_WORDS_H
#define MINIVMM_OPTIONS_WORDS_H

/*
 * End the first word of a list at its comma; ",," is a comma inside a word. Returns the text that
 * follows, or NULL after the last word.
 */
char *options_cut_word(char *word);

#endif

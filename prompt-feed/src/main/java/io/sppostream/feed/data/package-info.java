/** Datasets: problems with reference answers, built-in or read from files. */
@NullMarked
package io.sppostream.feed.data;

import org.jspecify.annotations.NullMarked;

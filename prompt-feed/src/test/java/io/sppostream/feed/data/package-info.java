@NullMarked
package io.sppostream.feed.data;

import org.jspecify.annotations.NullMarked;

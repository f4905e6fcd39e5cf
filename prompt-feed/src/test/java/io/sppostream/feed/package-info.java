@NullMarked
package io.sppostream.feed;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.sppostream.sppo.feed;

import org.jspecify.annotations.NullMarked;

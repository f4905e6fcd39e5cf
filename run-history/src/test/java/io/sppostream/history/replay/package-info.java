@NullMarked
package io.sppostream.history.replay;

import org.jspecify.annotations.NullMarked;

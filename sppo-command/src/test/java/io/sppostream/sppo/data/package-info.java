@NullMarked
package io.sppostream.sppo.data;

import org.jspecify.annotations.NullMarked;
